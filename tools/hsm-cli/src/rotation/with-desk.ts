import { type KeyDesk, openKeyDesk, openMacDesk, openSigningDesk, type UseDesk } from '@strongroom/service'
import { withApp } from '../apps.ts'
import type { Context } from '../context.ts'
import { quietLog } from '../quiet-log.ts'

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

export interface Desks {
  readonly keys: KeyDesk
  readonly of: { readonly mac: UseDesk; readonly sign: UseDesk }
}

/** MAC keys and signing keys have desks of their own; which processes have loaded them, the other one tells. */
export const withDesks = <T>(app: string, context: Context, work: (desks: Desks) => Promise<T>): Promise<Awaited<T>> =>
  withApp(app, async (service) => {
    const log = quietLog(context.terminal)
    const mac = await openMacDesk(service, context.env, log)
    try {
      const sign = await openSigningDesk(service, context.env, log)
      try {
        return await withDesk(app, context, (keys) => work({ keys, of: { mac, sign } }))
      } finally {
        await sign.close()
      }
    } finally {
      await mac.close()
    }
  })
