import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type DocumentNode, print } from "graphql";
import type { Plugin } from "vite";

const generated = "src/gql/graphql.ts";
const imports = /import\s*\{([^}]*)\}\s*from\s*"[^"]*\/gql\/graphql\.ts";/g;
const prefix = "\0document:";
const registry = resolve("src/app/documents.ts");

interface GeneratedDocument {
  tree: string;
  operation: string | undefined;
  text: string;
  hash: string;
}

/** Document with its text as the client sends it, and the hash by which the service knows that. */
function describe(tree: string): GeneratedDocument {
  const document = JSON.parse(tree) as DocumentNode;
  const operation = document.definitions.find((definition) => definition.kind === "OperationDefinition")?.name?.value;
  const text = print(document);
  return { tree, operation, text, hash: createHash("sha256").update(text).digest("hex") };
}

/**
 * Puts each generated document into a module of its own, so that a page loads its own documents, and not those of all
 * pages: codegen writes them into one file. Each request names its document by the hash; `documents.json` has the texts
 * by their hashes, as TRUSTED_DOCUMENTS of the service takes them.
 */
export function splitDocuments(): Plugin {
  const documents = new Map<string, GeneratedDocument>();
  return {
    name: "split-documents",
    enforce: "pre",
    apply: "build",
    buildStart() {
      for (const line of readFileSync(generated, "utf8").split("\n")) {
        const match = /^export const (\w+Document) = (\{.*\}) as unknown as DocumentNode</.exec(line);
        if (match?.[1] && match[2]) documents.set(match[1], describe(match[2]));
      }
    },
    resolveId: (id) => (id.startsWith("document:") ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(prefix)) return undefined;
      const name = id.slice(prefix.length);
      const document = documents.get(name);
      if (!document) this.error(`${generated} has no ${name}`);
      const { tree, operation, hash } = document;
      if (operation === undefined) return `export const ${name} = ${tree};`;
      return [
        `import { noteDocument } from ${JSON.stringify(registry)};`,
        `noteDocument(${JSON.stringify(operation)}, "${hash}");`,
        `export const ${name} = ${tree};`,
      ].join("\n");
    },
    generateBundle() {
      const texts = [...documents.values()]
        .filter(({ operation }) => operation !== undefined)
        .map(({ hash, text }) => [hash, text] as const)
        .sort(([one], [other]) => (one < other ? -1 : 1));
      const source = `${JSON.stringify(Object.fromEntries(texts), null, 1)}\n`;
      this.emitFile({ type: "asset", fileName: "documents.json", source });
    },
    transform(code, id) {
      if (!id.includes("/src/") || !code.includes("/gql/graphql.ts")) return undefined;
      return code.replace(imports, (whole, list: string) => {
        const names = list.split(",").map((name) => name.trim());
        const own = names.filter((name) => /^\w+Document$/.test(name));
        if (own.length === 0) return whole.replace("import", "import type").replace(/\btype (?=\w+\s*[,}])/g, "");
        return own.map((name) => `import { ${name} } from "document:${name}";`).join("");
      });
    },
  };
}
