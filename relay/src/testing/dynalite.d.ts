declare module 'dynalite' {
  import type { Server } from 'node:http';
  /** Makes an emulator of DynamoDB that keeps everything in memory. */
  export default function dynalite(options?: {
    readonly createTableMs?: number;
    readonly deleteTableMs?: number;
    readonly maxItemSizeKb?: number;
  }): Server;
}
