/** Something that the report says of a token, and what to do about it. */
export interface Finding {
  /** `mend`: the app will not start, or would not be safe. `know`: it works, and is weaker or slower than it could be. */
  readonly level: 'mend' | 'know'
  /** Kebab-case: for programs. */
  readonly what: string
  readonly says: string
  readonly remedy: string
}

export const mend = (what: string, says: string, remedy: string): Finding => ({ level: 'mend', what, says, remedy })
export const know = (what: string, says: string, remedy: string): Finding => ({ level: 'know', what, says, remedy })
