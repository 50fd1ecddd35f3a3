import type { LoadHook } from "node:module";

const { file, from, to } = JSON.parse(process.env["SABOTAGE"] as string) as Record<string, string>;

export const load: LoadHook = async (url, context, nextLoad) => {
  const result = await nextLoad(url, context);
  if (!url.endsWith(file)) return result;
  const source = String(result.source);
  if (!source.includes(from)) throw new Error(`sabotage: ${file} has no ${JSON.stringify(from)}`);
  return { ...result, source: source.replace(from, to) };
};
