onmessage = () => undefined; export {};
