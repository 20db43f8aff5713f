import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, setDiagnostics } from "@codemirror/lint";
import { Annotation, Compartment, EditorState } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useEffectEvent, useRef } from "react";
import { cspNonce } from "../../app/nonce.ts";
import { celCompletion, celLanguage, type RuleLanguageParts } from "./celLanguage.ts";
import { rangeOfError, type CharacterPosition } from "./position.ts";

/** Error or warning about the condition. */
export interface ConditionNote {
  severity: "error" | "warning";
  message: string;
  position?: CharacterPosition | null;
}

interface ConditionEditorProps {
  id: string;
  label: string;
  describedBy?: string;
  value: string;
  invalid: boolean;
  readOnly?: boolean;
  notes: readonly ConditionNote[];
  language: RuleLanguageParts;
  onChange(value: string): void;
  onSave(): void;
}

const external = Annotation.define<boolean>();

const colours = HighlightStyle.define([
  { tag: tags.string, class: "cel-string" },
  { tag: tags.number, class: "cel-number" },
  { tag: tags.keyword, class: "cel-keyword" },
  { tag: tags.function(tags.variableName), class: "cel-function" },
  { tag: tags.comment, class: "cel-comment" },
]);

// The colours are those of the theme, which changes with the system's: CSS variables follow it by themselves.
const theme = EditorView.theme({
  "&": {
    border: "1px solid var(--mui-palette-divider)",
    borderRadius: "4px",
    backgroundColor: "var(--mui-palette-background-paper)",
    color: "var(--mui-palette-text-primary)",
    fontSize: "14px",
  },
  "&.cm-focused": { outline: "2px solid var(--mui-palette-primary-main)" },
  ".cm-content": {
    fontFamily: "ui-monospace, monospace",
    minHeight: "5.5em",
    caretColor: "var(--mui-palette-text-primary)",
  },
  ".cel-string": { color: "var(--mui-palette-success-main)" },
  ".cel-number": { color: "var(--mui-palette-warning-main)" },
  ".cel-keyword, .cel-function": { color: "var(--mui-palette-primary-main)" },
  ".cel-comment": { color: "var(--mui-palette-text-secondary)" },
  ".cm-tooltip": {
    backgroundColor: "var(--mui-palette-background-paper)",
    color: "var(--mui-palette-text-primary)",
    border: "1px solid var(--mui-palette-divider)",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    backgroundColor: "var(--mui-palette-primary-main)",
    color: "var(--mui-palette-primary-contrastText)",
  },
  ".cm-lintRange-error": {
    textDecoration: "underline wavy 1.5px var(--mui-palette-error-main)",
    backgroundImage: "none",
  },
  ".cm-lintRange-warning": {
    textDecoration: "underline wavy 1.5px var(--mui-palette-warning-main)",
    backgroundImage: "none",
  },
  ".cm-placeholder": { color: "var(--mui-palette-text-secondary)" },
});

function diagnosticsOf(text: string, notes: readonly ConditionNote[]): Diagnostic[] {
  return notes.flatMap(({ severity, message, position }) => {
    const range = rangeOfError(text, { message, position });
    return range ? [{ ...range, severity, message }] : [];
  });
}

/** Accessible name and state of the text, which CodeMirror keeps outside of React. */
function attributes({
  id,
  label,
  describedBy,
  invalid,
}: Pick<ConditionEditorProps, "id" | "label" | "describedBy" | "invalid">) {
  return EditorView.contentAttributes.of({
    id,
    "aria-label": label,
    "aria-invalid": String(invalid),
    ...(describedBy ? { "aria-describedby": describedBy } : {}),
  });
}

/** Editor of a condition: highlighting, completion, and errors at their places. Tab leaves it. */
export default function ConditionEditor(props: ConditionEditorProps) {
  const { id, label, describedBy, value, invalid, readOnly = false, notes, language } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const content = useRef(new Compartment());
  const change = useEffectEvent((text: string) => props.onChange(text));
  const save = useEffectEvent(() => props.onSave());
  const first = useEffectEvent(() => ({ value, attributes: attributes({ id, label, describedBy, invalid }) }));

  useEffect(() => {
    if (!host.current) return;
    const start = first();
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: start.value,
        extensions: [
          EditorView.cspNonce.of(cspNonce),
          keymap.of([{ key: "Mod-Enter", run: () => (save(), true), preventDefault: true }]),
          keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap]),
          history(),
          closeBrackets(),
          bracketMatching(),
          celLanguage,
          syntaxHighlighting(colours),
          // Completions that are shown are taken at once: within the usual delay, Enter would break the line instead.
          autocompletion({ override: [celCompletion(language)], interactionDelay: 0 }),
          EditorView.lineWrapping,
          EditorState.readOnly.of(readOnly),
          EditorView.editable.of(!readOnly),
          placeholder("resource.name.startsWith('prod-')"),
          theme,
          content.current.of(start.attributes),
          EditorView.updateListener.of((update) => {
            const own = update.transactions.every((transaction) => transaction.annotation(external) !== true);
            if (update.docChanged && own) change(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, [language, readOnly]);

  useEffect(() => {
    view.current?.dispatch({
      effects: content.current.reconfigure(attributes({ id, label, describedBy, invalid })),
    });
  }, [id, label, describedBy, invalid]);

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const text = editor.state.doc.toString();
    if (text !== value) {
      editor.dispatch({ changes: { from: 0, to: text.length, insert: value }, annotations: external.of(true) });
    }
    editor.dispatch(setDiagnostics(editor.state, diagnosticsOf(value, notes)));
  }, [value, notes]);

  return <div ref={host} />;
}
