import { execFileSync } from "node:child_process";
import fs from "node:fs";

/**
 * What tells a process from every other that has, had or will have its number: the moment of its start. On Linux that
 * is in ticks since the boot, with the boot's own id; elsewhere in seconds.
 * @returns letters and digits; "" where it cannot be told (Windows, another user's process); `undefined` where there
 * is no such process, or only a zombie of one
 */
export function processMark(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return undefined;
  }
  try {
    if (process.platform === "linux") return linuxMark(pid);
    if (process.platform !== "win32") return posixMark(pid);
  } catch {
    // It may be hidden from us.
  }
  return "";
}

/** proc(5): `pid (name) state ...`, the start in ticks as field 22; the name may hold anything, parentheses too. */
function linuxMark(pid: number): string | undefined {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (isGone(fields[0])) return undefined;
  const boot = fs.readFileSync("/proc/sys/kernel/random/boot_id", "latin1").slice(0, 8);
  return `${boot}x${fields[19]}`;
}

function posixMark(pid: number): string | undefined {
  const text = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
    encoding: "latin1",
    env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
  const [state, ...start] = text.split(/\s+/);
  if (isGone(state)) return undefined;
  const seconds = Date.parse(`${start.join(" ")} UTC`) / 1_000;
  return Number.isNaN(seconds) ? "" : `s${seconds}`;
}

/** Dead, and only not yet collected by its parent. */
function isGone(state: string): boolean {
  return state.startsWith("Z") || state.startsWith("X");
}
