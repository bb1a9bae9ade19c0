import { openKeystore } from '@strongroom/hsm'
import { openBridge } from '@strongroom/hsm/moving'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes, Unusable } from '../outcome.ts'
import { confirmed } from '../confirmed.ts'
import { atMigrator, refuseSeveral } from './at-migrator.ts'
import { carryAll } from './carry.ts'
import { forgetToken } from './records.ts'

export interface FinishOptions {
  readonly app: string
  readonly fromToken: string
  readonly yes?: boolean
  readonly json?: boolean
}

/** Takes the token that was left out of every value, and forgets its keys. It is not logged in to: it may be gone. */
export async function runFinish(options: FinishOptions, context: Context): Promise<ExitCode> {
  const { app, fromToken, json } = options
  const rows = await atMigrator(options, context, async ({ service, database, from: token, others, keys }) => {
    refuseSeveral({ others })
    if (fromToken === token.tokenLabel)
      throw new Unusable('that is the token that the app works with: name the one that was left')
    if (!keys.some((key) => key.token === fromToken))
      throw new Unusable(`no key of a token "${fromToken}" is recorded: move was not run, or is finished`)
    await confirmed(context.terminal, options, `take "${fromToken}" out of every value of ${app}, for ever`)
    const own = keys.filter((key) => key.token === undefined)
    const hsm = await openKeystore({ tokens: [token], keys: own })
    const bridge = await openBridge([{ token, keys: own }])
    const bar = context.terminal.progress(`taking "${fromToken}" out`, service.sealed.length)
    try {
      const onColumn = (name: string, count: number) => bar.advance(count === 0 ? 1 : 0, name)
      const carried = await carryAll({ app: service.name, database, columns: service.sealed, bridge, hsm, onColumn })
      await forgetToken(database, fromToken)
      return carried
    } finally {
      bar.end('done')
      await bridge.close()
      await hsm.close()
    }
  })
  context.terminal.say(
    json === true
      ? JSON.stringify({ app, left: fromToken, rows }, undefined, 2)
      : `${String(rows)} values of ${app} are held by its token alone. Destroy "${fromToken}", and the backups that it could open.`,
  )
  return exitCodes.fine
}
