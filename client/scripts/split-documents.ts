import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

const generated = "src/gql/graphql.ts";
const imports = /import\s*\{([^}]*)\}\s*from\s*"[^"]*\/gql\/graphql\.ts";/g;
const prefix = "\0document:";

/**
 * Puts each generated document into a module of its own, so that a page loads its own documents, and not those of all
 * pages: codegen writes them into one file.
 */
export function splitDocuments(): Plugin {
  const documents = new Map<string, string>();
  return {
    name: "split-documents",
    enforce: "pre",
    apply: "build",
    buildStart() {
      for (const line of readFileSync(generated, "utf8").split("\n")) {
        const match = /^export const (\w+Document) = (\{.*\}) as unknown as DocumentNode</.exec(line);
        if (match?.[1] && match[2]) documents.set(match[1], match[2]);
      }
    },
    resolveId: (id) => (id.startsWith("document:") ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(prefix)) return undefined;
      const name = id.slice(prefix.length);
      const document = documents.get(name);
      if (!document) this.error(`${generated} has no ${name}`);
      return `export const ${name} = ${document};`;
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
