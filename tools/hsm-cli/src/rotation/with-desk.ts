import { withApp } from '../apps.ts'
import type { Context } from '../context.ts'
import { quietLog } from '../quiet-log.ts'
import { type KeyDesk, openKeyDesk } from '@strongroom/service'

/** By what `provision` reads: rotating is a change of the schema’s own tables. */
export const withDesk = <T>(app: string, context: Context, work: (desk: KeyDesk) => Promise<T>): Promise<Awaited<T>> =>
  withApp(app, async (service) => {
    const desk = await openKeyDesk(service, context.env, quietLog(context.terminal))
    try {
      return await work(desk)
    } finally {
      await desk.close()
    }
  })
