// The types of operations/, from the schema as it is committed.
export default {
  schema: "../../schema.graphql",
  documents: ["operations/*.ts"],
  emitLegacyCommonJSImports: false,
  generates: {
    "generated/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: { unmaskFunctionName: "readFragment" } },
      config: {
        enumsAsTypes: true,
        useTypeImports: true,
        // A scalar without a type here fails.
        strictScalars: true,
        scalars: { DateTime: "string", Decimal: "string", JSON: "unknown", Upload: "File" },
      },
    },
  },
};
