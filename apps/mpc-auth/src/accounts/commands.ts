import { apps } from '@strongroom/chain-accounts'
import { type Command, CommandRefused } from '@strongroom/service'
import { z } from 'zod'
import { relayerCommands } from './relayers.ts'
import type { settings } from './settings.ts'

type Commands = Readonly<Record<string, Command<typeof settings>>>

const LONGEST_GRACE = 8760

const lines = ({ appId, secret }: apps.AppWithSecret): string =>
  `app ${appId}\nsecret ${secret}\nThe secret is told this once.`

/** What operators may do beside serving; each is in the audit log. */
export const commands: Commands = {
  'add-app': {
    summary: 'an app of accounts, with people of its own; from the second on every app needs its secret',
    takes: ['name'],
    async run({ database }, [name = '']) {
      if (!/^[\w .-]{1,100}$/.test(name))
        throw new CommandRefused('a name is up to 100 letters, digits, spaces and `_.-`')
      const added = await apps.addApp(database, name)
      if (!added) throw new CommandRefused('another app has this name')
      return lines(added)
    },
  },
  'rotate-app-secret': {
    summary: 'a new secret for an app; those before it are good for so many hours more',
    takes: ['app_id', 'grace_hours'],
    async run({ database }, [given, grace = '']) {
      const appId = z.uuid().safeParse(given).data
      if (!appId) throw new CommandRefused('the id of an app is a UUID')
      if (!/^\d{1,4}$/.test(grace) || Number(grace) > LONGEST_GRACE)
        throw new CommandRefused(`grace_hours is a whole number up to ${String(LONGEST_GRACE)}`)
      const rotated = await apps.rotateAppSecret(database, { appId, graceHours: Number(grace) })
      if (!rotated) throw new CommandRefused('no app has this id')
      return lines(rotated)
    },
  },
  ...relayerCommands,
  'list-apps': {
    summary: 'the apps of accounts, and how many of their secrets are good',
    takes: [],
    async run({ database }) {
      const listed = await apps.listApps(database)
      return listed
        .map(
          ({ id, name, createdAt, secrets }) => `${id} ${name} ${createdAt.toISOString()} secrets ${String(secrets)}`,
        )
        .join('\n')
    },
  },
}
