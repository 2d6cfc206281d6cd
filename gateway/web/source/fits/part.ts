// A file of the mesh, of which only the parts that are needed are fetched: one image of a mosaic, not all of them.
import type { Bytes } from "./reader";

const AHEAD = 64 * 1024;

/** Read *url* in ranges; a server that does not know ranges sends it whole, which is kept. */
export function remote(url: string, size: number, signal?: AbortSignal): Bytes {
  let whole: ArrayBuffer | null = null;
  let kept: { start: number; content: ArrayBuffer } | null = null;
  const fetched = async (start: number, length: number): Promise<ArrayBuffer> => {
    const headers = { Range: `bytes=${start}-${start + length - 1}` };
    const response = await fetch(url, { headers, signal: signal ?? null });
    if (!response.ok) throw new Error(`the file cannot be read: ${response.status} ${response.statusText}`);
    const content = await response.arrayBuffer();
    if (response.status === 206) return content;
    whole = content;
    return content.slice(start, start + length);
  };
  return {
    async read(start, length) {
      const end = Math.min(size, start + length);
      if (end <= start) return new ArrayBuffer(0);
      if (whole) return whole.slice(start, end);
      if (kept && start >= kept.start && end <= kept.start + kept.content.byteLength) {
        return kept.content.slice(start - kept.start, end - kept.start);
      }
      const content = await fetched(start, Math.min(size - start, Math.max(AHEAD, end - start)));
      kept = { start, content };
      return content.slice(0, end - start);
    },
  };
}
