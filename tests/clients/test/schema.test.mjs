// schema.graphql against graphql-eslint; and what its rules cannot say.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ESLint } from "eslint";
import { buildSchema, isInterfaceType, isObjectType, validateSchema } from "graphql";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const sdl = await readFile(`${root}schema.graphql`, "utf8");

/** Where a rule is broken on purpose, by what the line says. Each must be, or it has no place here. */
const EXCEPTIONS = {
  // The names that these have in inventories, rules and CSV files, where they stand alone.
  "@graphql-eslint/no-typename-prefix": ["resourceId: String!", "resourceType: String!", "ruleName: String!"],
  // These rows are not kept under an id of their own: a group is counted, and the others are lines of a run or accounts of a source.
  "@graphql-eslint/relay-edge-types": [
    "type ApprovalGroupEdge {",
    "type RejectedLineEdge {",
    "type RunDecisionEdge {",
    "type SourceAccountEdge {",
  ],
};

test("the recommended rules and those of Relay hold", async () => {
  const eslint = new ESLint({ cwd: root, overrideConfigFile: "tests/clients/eslint.config.mjs" });
  const [{ messages }] = await eslint.lintFiles(["schema.graphql"]);
  const lines = sdl.split("\n");
  const excepted = {};
  const wrong = messages.filter(({ ruleId, line, message }) => {
    const text = lines[line - 1]?.trim();
    if (!EXCEPTIONS[ruleId]?.includes(text)) return true;
    assert.match(message, /starts with the name of the parent|must implement `Node`/);
    (excepted[ruleId] ??= []).push(text);
    return false;
  });
  assert.deepEqual(
    wrong.map(({ ruleId, line, message }) => `${line}: ${ruleId}: ${message}`),
    [],
  );
  assert.deepEqual(excepted, EXCEPTIONS);
});

test("graphql-js takes the schema as valid", () => {
  assert.deepEqual(validateSchema(buildSchema(sdl)), []);
});

test("a mutation takes one input and returns a payload with userErrors", () => {
  for (const field of Object.values(buildSchema(sdl).getMutationType().getFields())) {
    const args = field.args.map((arg) => arg.name);
    assert.ok(args.length === 0 || (args.length === 1 && args[0] === "input"), `${field.name}: ${args}`);
    const payload = field.type.toString();
    assert.equal(payload, `${field.name[0].toUpperCase()}${field.name.slice(1)}Payload!`);
    const errors = field.type.ofType.getFields().userErrors;
    assert.equal(errors?.type.toString(), "[UserError!]!", field.name);
  }
});

test("what implements Node has an id, and every node is of a list or a field", () => {
  const schema = buildSchema(sdl);
  const node = schema.getType("Node");
  assert.ok(isInterfaceType(node));
  const kept = schema.getPossibleTypes(node);
  assert.ok(kept.length >= 7);
  const returned = new Set();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      returned.add(field.type.toString().replace(/[[\]!]/g, ""));
    }
  }
  for (const type of kept) {
    assert.equal(type.getFields().id.type.toString(), "ID!");
    assert.ok(returned.has(type.name), type.name);
  }
});
