/** 0: fine. 1: something was found that must be mended, or was refused. 2: the command line, or what it names, cannot be used. */
export const exitCodes = { fine: 0, mend: 1, unusable: 2 } as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** What was asked cannot be done as it was asked: one line, what and how to mend. */
export class Unusable extends Error {
  override readonly name = 'Unusable'
}

/** What was asked was begun and refused: one line, what and how to mend. */
export class Refused extends Error {
  override readonly name = 'Refused'
}
