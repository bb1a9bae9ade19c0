import type { Secret } from '@strongroom/crypto'

/** Where a command speaks. The document goes to standard output, and nothing else does. */
export interface Terminal {
  say(document: string): void
  /** For people: progress, and what is wrong. */
  tell(line: string): void
  /** `undefined` where nobody is there to answer. */
  readonly ask: Asking | undefined
  progress(title: string, total: number): Progress
}

/** Throws `Unusable` where it is cut short. */
export interface Asking {
  password(message: string): Promise<Secret>
  text(message: string): Promise<string>
}

export interface Progress {
  advance(steps: number, note?: string): void
  end(note: string): void
}
