import type { KeyValue } from "../../firmware/ports.js";

/** Strings in memory; fails on the calls that `fails` names. */
export class MemoryStorage implements KeyValue {
  readonly values = new Map<string, string>();
  writes: string[] = [];
  fails: (call: "read" | "write" | "delete", key: string) => boolean = () => false;

  read(key: string): string | undefined {
    if (this.fails("read", key)) throw new Error("flash is worn");
    return this.values.get(key);
  }

  write(key: string, value: string): void {
    if (this.fails("write", key)) throw new Error("flash is worn");
    this.writes.push(key);
    this.values.set(key, value);
  }

  /** Its part of `writes`. */
  writesOf(key: string): string[] {
    return this.writes.filter((one) => one === key);
  }

  delete(key: string): void {
    if (this.fails("delete", key)) throw new Error("flash is worn");
    this.values.delete(key);
  }
}
