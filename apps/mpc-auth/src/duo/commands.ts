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
  'list-backups': {
    summary: 'the versions of a key’s backup that are kept',
    takes: ['key_id'],
    async run({ database }, [keyId = '']) {
      const kept = await operators.listBackups(database, keyId)
      if (kept.length === 0) throw new CommandRefused('nothing is kept of this key')
      const lines = kept.map(({ version, savedAt, current }) => [
        version,
        savedAt.toISOString(),
        current ? 'current' : '',
      ])
      return lines.map((line) => line.join(' ').trim()).join('\n')
    },
  },
  'restore-backup': {
    summary: 'put the version before the current one in its place',
    takes: ['key_id'],
    run: async ({ database }, [keyId = '']) => restored(await operators.restoreBackup(database, keyId)),
  },
  'restore-version': {
    summary: 'put a version of list-backups in the place of the current one',
    takes: ['key_id', 'version'],
    async run({ database }, [keyId = '', given = '']) {
      if (!/^\d{1,9}$/.test(given)) throw new CommandRefused('a version is a number of list-backups')
      return restored(await operators.restoreBackup(database, keyId, Number(given)))
    },
  },
}

function restored(version: number | undefined): string {
  if (version === undefined) throw new CommandRefused('no such earlier version of this key is kept')
  return `version ${String(version)} is the current one`
}
