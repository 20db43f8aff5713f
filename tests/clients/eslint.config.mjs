// The schema against the rules that graphql-eslint recommends and those of Relay; the working directory is the root of
// the repository. test/schema.test.mjs has the places where a rule that is on is broken on purpose.
import { fileURLToPath } from "node:url";
import graphql from "@graphql-eslint/eslint-plugin";

const { configs } = graphql;
const schema = fileURLToPath(new URL("../../schema.graphql", import.meta.url));

export default [
  {
    files: ["schema.graphql"],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema } },
    },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...configs["flat/schema-recommended"].rules,
      ...configs["flat/schema-relay"].rules,
      // Everything is described, not only types and root fields.
      "@graphql-eslint/require-description": [
        "error",
        {
          types: true,
          rootField: true,
          DirectiveDefinition: true,
          EnumValueDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
        },
      ],
      "@graphql-eslint/no-scalar-result-type-on-mutation": "error",
      // Lists that are bounded by what was asked, like the results of a mutation, are plain, and connections have
      // `nodes` beside their edges.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
      // Off: what is short stands on one line, what is long in a block. Both are the same description to clients, and
      // the rule wants one or the other everywhere.
      "@graphql-eslint/description-style": "off",
      // Off: ids belong to what is kept and can be asked for again. Values, pages, payloads and figures have none.
      "@graphql-eslint/strict-id-in-types": "off",
    },
  },
];
