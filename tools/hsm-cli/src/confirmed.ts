import { Refused, Unusable } from './outcome.ts'
import type { Terminal } from './terminal/terminal.ts'

/** Before what cannot be taken back, or costs hours. Throws `Unusable` or `Refused`. */
export async function confirmed(
  { ask }: Pick<Terminal, 'ask'>,
  { app, yes }: { readonly app: string; readonly yes?: boolean },
  what: string,
): Promise<void> {
  if (yes === true) return
  if (ask === undefined) throw new Unusable(`nobody is here to be asked whether to ${what}: say --yes`)
  const typed = await ask.text(`This will ${what}. Type the name of the app to go on`)
  if (typed.trim() !== app) throw new Refused('that was not the name of the app: nothing was done')
}
