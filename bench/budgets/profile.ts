/**
 * Which function of the firmware takes how many steps: each is compiled with a call at its beginning and one at its end,
 * while which the meter stands still (`worker/profile.ts`).
 */

import fs from "node:fs";
import type { Plugin } from "esbuild";
import ts from "typescript";

/** @param names gets the name of each function, by its number */
export function profiled(names: string[]): Plugin {
  return {
    name: "profile",
    setup: ({ onLoad }) => {
      onLoad({ filter: /[/\\]build[/\\]firmware[/\\].*\.js$/ }, ({ path }) => {
        const file = /firmware[/\\](.*)\.js$/.exec(path)?.[1] ?? path;
        return { contents: instrument(fs.readFileSync(path, "utf8"), file, names), loader: "js" };
      });
    },
  };
}

interface Edit {
  at: number;
  text: string;
}

function instrument(text: string, file: string, names: string[]): string {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true, ts.ScriptKind.JS);
  const edits: Edit[] = [];
  const visit = (node: ts.Node, owner: string): void => {
    const name = nameOf(node) ?? "";
    const inside = ts.isClassLike(node) ? (node.name?.text ?? owner) : owner;
    if (ts.isFunctionLike(node) && "body" in node && node.body) {
      const { body } = node as { body: ts.Node };
      const id = names.push(`${file}: ${owner && name ? `${owner}.` : ""}${name || "(callback)"}`) - 1;
      if (ts.isBlock(body)) {
        edits.push({ at: body.getStart() + 1, text: `__enter(${id});try{` });
        edits.push({ at: body.getEnd() - 1, text: "}finally{__leave()}" });
      } else {
        edits.push({ at: body.getStart(), text: `{__enter(${id});try{return (` });
        edits.push({ at: body.getEnd(), text: ")}finally{__leave()}}" });
      }
    }
    ts.forEachChild(node, (child) => visit(child, inside));
  };
  visit(source, "");
  // From the end, so that positions stay; of one position the inner edit, which was found later, comes first.
  const ordered = edits.map((edit, i) => ({ ...edit, i })).sort((a, b) => b.at - a.at || b.i - a.i);
  let result = text;
  for (const { at, text: insert } of ordered) result = result.slice(0, at) + insert + result.slice(at);
  return result;
}

function nameOf(node: ts.Node): string | undefined {
  if (ts.isConstructorDeclaration(node)) return "constructor";
  const { name } = node as { name?: ts.Node };
  if (name) return name.getText();
  const { parent } = node;
  if (parent && ts.isPropertyDeclaration(parent)) return parent.name.getText();
  if (parent && (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)))
    return parent.name.getText();
  return undefined;
}
