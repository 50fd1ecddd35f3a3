import type { LoadHook } from "node:module";

const { file, from, to } = JSON.parse(process.env["SABOTAGE"] as string) as Record<string, string>;

export const load: LoadHook = async (url, context, nextLoad) => {
  const result = await nextLoad(url, context);
  if (!url.endsWith(`/${file}`)) return result;
  const parts = String(result.source).split(from);
  if (parts.length !== 2)
    throw new Error(`sabotage: ${file} has ${JSON.stringify(from)} ${parts.length - 1} times, and not once`);
  return { ...result, source: parts.join(to) };
};
