// What is used of sampjs, which brings no types.
declare module "sampjs" {
  export interface Message {
    "samp.mtype": string;
  }
  export interface Connection {
    declareMetadata(sent: [Record<string, string>], done?: () => void, failed?: (error: unknown) => void): void;
    notifyAll(sent: [Message], done?: (clients: string[]) => void, failed?: (error: unknown) => void): void;
    unregister(): void;
  }
  export const samp: {
    register(name: string, connected: (connection: Connection) => void, failed: (error: unknown) => void): void;
    Message: new (mtype: string, params: Record<string, unknown>) => Message;
  };
}
