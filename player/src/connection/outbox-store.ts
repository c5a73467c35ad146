import type { OutboxItem } from "./outbox.ts";

/** Keeps the outbox over a reload. Losing it loses only what the edge never acknowledged as durable. */
export interface OutboxStore {
  load(): Promise<OutboxItem[]>;
  put(item: OutboxItem): void;
  remove(cid: string): void;
}

/** Forgets at reload; for tests, and browsers that forbid storage. */
export function memoryOutbox(): OutboxStore {
  const items = new Map<string, OutboxItem>();
  return {
    load: async () => [...items.values()],
    put: (item) => void items.set(item.cid, item),
    remove: (cid) => void items.delete(cid),
  };
}

const STORE = "outbox";

/** In IndexedDB, one database per user; memory where that fails. */
export async function browserOutbox(userId: string): Promise<OutboxStore> {
  const database = await open(`lianmai-outbox-${userId}`).catch(() => undefined);
  if (!database) return memoryOutbox();
  const write = (work: (store: IDBObjectStore) => void) => {
    try {
      work(database.transaction(STORE, "readwrite").objectStore(STORE));
    } catch {
      // storage is full or the page goes away: the message is still on its way
    }
  };
  return {
    load: () =>
      new Promise((resolve) => {
        const request = database.transaction(STORE).objectStore(STORE).getAll();
        request.onsuccess = () => resolve((request.result as OutboxItem[]).sort((a, b) => a.writtenMs - b.writtenMs));
        request.onerror = () => resolve([]);
      }),
    put: (item) => write((store) => store.put(item)),
    remove: (cid) => write((store) => store.delete(cid)),
  };
}

function open(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "cid" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error("no storage", { cause: request.error }));
  });
}
