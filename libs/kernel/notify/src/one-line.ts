/** A text for a header: every run of control characters and line breaks becomes one space. */
export const oneLine = (text: string): string => text.replace(/[\p{C}\u2028\u2029]+/gu, ' ').trim()
