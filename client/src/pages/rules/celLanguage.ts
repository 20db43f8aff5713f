import { type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { StreamLanguage, type StreamParser, type StringStream } from "@codemirror/language";

/** Language of rules as the service describes it, as far as completion needs it. */
export interface RuleLanguageParts {
  fields: readonly { name: string; type: string; description: string }[];
  functions: readonly { name: string; signature: string; description: string }[];
  vocabulary: readonly { name: string; values: readonly { name: string }[] }[];
}

interface CelState {
  quote: string | null;
}

function readText(stream: StringStream, state: CelState): string {
  while (!stream.eol()) {
    const character = stream.next();
    if (character === "\\") stream.next();
    else if (character === state.quote) {
      state.quote = null;
      break;
    }
  }
  return "string";
}

const parser: StreamParser<CelState> = {
  name: "cel",
  startState: () => ({ quote: null }),
  token(stream, state) {
    if (state.quote !== null) return readText(stream, state);
    if (stream.eatSpace()) return null;
    if (stream.match("//")) {
      stream.skipToEnd();
      return "comment";
    }
    const quote = stream.match(/^r?(['"])/) as RegExpMatchArray | null;
    if (quote) {
      state.quote = quote[1] ?? null;
      return readText(stream, state);
    }
    if (stream.match(/^\d+(\.\d+)?/)) return "number";
    if (stream.match(/^(true|false|null|in)\b/)) return "keyword";
    if (stream.match(/^[A-Za-z_]\w*(?=\s*\()/)) return "variableName.function";
    if (stream.match(/^[A-Za-z_]\w*/)) return "variableName";
    if (stream.match(/^(&&|\|\||[=!<>]=|[<>!?:+\-*/%])/)) return "operator";
    stream.next();
    return null;
  },
  languageData: { closeBrackets: { brackets: ["(", "[", "{", "'", '"'] }, commentTokens: { line: "//" } },
};

/** Highlighting of CEL. */
export const celLanguage = StreamLanguage.define(parser);

const member = (name: string) => name.replace(/^resource\./, "");

/** Keys and values of the vocabulary inside of quotes, for `resource.tags['environment'] == 'prod…'`. */
function completeText(language: RuleLanguageParts, before: string, from: number): CompletionResult | null {
  if (/resource\.tags\[\s*['"][\w-]*$/.test(before)) {
    return {
      from,
      options: language.vocabulary.map(({ name }) => ({ label: name, type: "keyword" })),
      validFor: /^[\w-]*$/,
    };
  }
  const key = /resource\.tags\[\s*['"]([\w-]+)['"]\s*\]\s*[=!]=\s*['"][\w-]*$/.exec(before)?.[1];
  const values = language.vocabulary.find(({ name }) => name === key)?.values;
  if (values) return { from, options: values.map(({ name }) => ({ label: name, type: "text" })), validFor: /^[\w-]*$/ };
  if (/resource\.cloud\s*[=!]=\s*['"]\w*$/.test(before)) {
    return { from, options: ["aws", "azure", "gcp"].map((label) => ({ label, type: "text" })), validFor: /^\w*$/ };
  }
  return null;
}

/** Completions at the end of `before`, the text before the cursor, whose last character has the index `at`. */
export function completeCondition(
  language: RuleLanguageParts,
  before: string,
  at: number,
  explicit: boolean,
): CompletionResult | null {
  const quotes = before.replace(/\\./g, "").match(/['"]/g)?.length ?? 0;
  const word = /[\w-]*$/.exec(before)?.[0] ?? "";
  if (quotes % 2 === 1) return completeText(language, before, at - word.length);
  const name = /[A-Za-z_]*$/.exec(before)?.[0] ?? "";
  const from = at - name.length;
  if (/resource\.[A-Za-z_]*$/.test(before)) {
    const options: Completion[] = language.fields.map((field) => ({
      label: member(field.name),
      detail: field.type,
      info: field.description,
      type: "property",
    }));
    return { from, options, validFor: /^\w*$/ };
  }
  const functions: Completion[] = language.functions.map((item) => ({
    label: item.name,
    detail: item.signature,
    info: item.description,
    type: "function",
    apply: `${item.name}(`,
  }));
  if (/[\w)\]'"]\.[A-Za-z_]*$/.test(before)) return { from, options: functions, validFor: /^\w*$/ };
  if (name === "" && !explicit) return null;
  const own = functions.filter(({ label }) => label === "has" || label === "size");
  return { from, options: [{ label: "resource", type: "variable" }, ...own], validFor: /^\w*$/ };
}

/** Source of completions for CodeMirror. */
export const celCompletion =
  (language: RuleLanguageParts) =>
  (context: CompletionContext): CompletionResult | null =>
    completeCondition(language, context.state.sliceDoc(0, context.pos), context.pos, context.explicit);
