import { recordEvent } from '@strongroom/audit'
import { toHex } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { type Message, ProviderUnavailable, type Sender, Undeliverable } from '@strongroom/notify'
import type { Database } from '@strongroom/storage'
import { openAddress } from './address.ts'
import { deviceRemoved } from './events.ts'
import { type DeviceRow, dropDevice, listDevices } from './store.ts'

export interface TellDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly sender: Sender
}

export interface Told {
  readonly devices: number
  /** Of which so many pushes were taken by their push service, */
  readonly told: number
  /** and so many are forgotten, because it says that they are gone. */
  readonly gone: number
}

type Outcome = 'told' | 'gone' | 'failed'

/** Pushes one message to every device of an account, inside the request. What a push service refuses is counted, not thrown. */
export async function tellDevices(
  deps: TellDeps,
  accountId: string,
  message: Pick<Message, 'id' | 'subject' | 'text' | 'data'>,
): Promise<Told> {
  const devices = await listDevices(deps.database, accountId)
  const outcomes = await Promise.all(
    devices.map(async (device): Promise<Outcome> => {
      const to = await openAddress(deps.hsm, { accountId, lookup: device.lookup }, device.address)
      const outcome = await push(deps.sender, { ...message, channel: 'push', id: idFor(message.id, device), to })
      if (outcome === 'gone') await forget(deps.database, accountId, device)
      return outcome
    }),
  )
  const count = (outcome: Outcome) => outcomes.filter((one) => one === outcome).length
  return { devices: devices.length, told: count('told'), gone: count('gone') }
}

/** The same for every attempt, so that a repeated push takes the place of the one before it. */
const idFor = (id: string, { lookup }: DeviceRow): string => `${id}.${toHex(lookup).slice(0, 16)}`

async function push(sender: Sender, message: Message): Promise<Outcome> {
  try {
    await sender.send(message)
    return 'told'
  } catch (error) {
    if (error instanceof Undeliverable) return error.reason === 'recipientGone' ? 'gone' : 'failed'
    if (error instanceof ProviderUnavailable) return 'failed'
    throw error
  }
}

const forget = (database: Database, accountId: string, { lookup }: DeviceRow): Promise<void> =>
  database.transaction(async (tx) => {
    if (!(await dropDevice(tx, accountId, lookup))) return
    const detail = { device: toHex(lookup), reason: 'gone' } as const
    await recordEvent(tx, deviceRemoved, { subject: accountId, detail })
  })
