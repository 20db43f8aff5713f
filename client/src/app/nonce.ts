/** Nonce of this page's content security policy, for style elements that are made by scripts (Emotion, CodeMirror). */
export const cspNonce: string = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
