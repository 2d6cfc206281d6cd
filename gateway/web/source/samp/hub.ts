// The SAMP hub of the user's machine: registers, sends, and leaves again. Loaded at the first click.
import { type Connection, samp } from "sampjs";

import { root } from "../api/address";

/** What kind of file it is to those who receive it. */
export type Kind = "table.load.fits" | "image.load.fits" | "spectrum.load.ssa-generic";

export interface Sent {
  name: string;
  url: string;
}

/** Send files to every program that takes them; returns to how many. */
export async function sendAll(message: Kind, files: Sent[]): Promise<number> {
  const connection = await new Promise<Connection>((done, failed) =>
    samp.register("odamesh", done, () =>
      failed(new Error("No SAMP hub answers on this machine, or it refused: start TOPCAT or Aladin, allow odamesh there, and press again.")),
    ),
  );
  let most = 0;
  try {
    await answered((done, failed) =>
      connection.declareMetadata([{ "samp.name": "odamesh", "samp.documentation.url": `${location.origin}${root}/` }], done as () => void, failed),
    );
    for (const file of files) {
      const params = { url: await place(file.url), name: file.name, ...ident(message, file.url) };
      const clients = await answered<string[]>((done, failed) => connection.notifyAll([new samp.Message(message, params)], done, failed));
      most = Math.max(most, clients.length);
    }
  } finally {
    connection.unregister();
  }
  return most;
}

function answered<T>(ask: (done: (value: T) => void, failed: (error: unknown) => void) => void): Promise<T> {
  return new Promise((done, failed) => ask(done, (error) => failed(new Error(`The SAMP hub refused: ${error}`))));
}

/** Where others fetch the file: the link to the store needs no cookie, which they do not have. */
async function place(url: string): Promise<string> {
  const answer = await fetch(url, { headers: { Range: "bytes=0-0" } });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`The file cannot be read: ${answer.status} ${answer.statusText}`);
  return answer.url;
}

function ident(message: Kind, url: string): Record<string, unknown> {
  const id = new URL(url, location.href).href;
  switch (message) {
    case "table.load.fits":
      return { "table-id": id };
    case "image.load.fits":
      return { "image-id": id };
    default:
      return { "spectrum-id": id, meta: { "Access.Format": "application/fits", "Access.Reference": id } };
  }
}
