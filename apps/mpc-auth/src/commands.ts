import { operators } from '@strongroom/key-shares'
import { type Command, CommandRefused } from '@strongroom/service'
import { z } from 'zod'
import type { settings } from './settings.ts'

type Commands = Readonly<Record<string, Command<typeof settings>>>

const userIdOf = (given: string | undefined): string => {
  const id = z.uuid().safeParse(given)
  if (!id.data) throw new CommandRefused('the id of a user is a UUID')
  return id.data
}

const change = (summary: string, doing: typeof operators.disable, done: string): Command<typeof settings> => ({
  summary,
  takes: ['user_id'],
  async run({ database }, [given]) {
    if (!(await doing(database, userIdOf(given)))) throw new CommandRefused('no user has this id')
    return done
  },
})

/** What operators may do beside serving; each is in the audit log. */
export const commands: Commands = {
  'disable-user': change('answer a user with 100202, and its devices with "reject"', operators.disable, 'disabled'),
  'enable-user': change('undo disable-user', operators.enable, 'enabled'),
  'restore-backup': {
    summary: 'put the version before the current one in its place',
    takes: ['key_id'],
    async run({ database }, [keyId = '']) {
      const version = await operators.restoreBackup(database, keyId)
      if (version === undefined) throw new CommandRefused('no earlier version of this key is kept')
      return `version ${String(version)} is the current one`
    },
  },
}
