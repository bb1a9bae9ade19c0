import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const checkout = fileURLToPath(new URL('../../..', import.meta.url))
const patience = 30_000

/**
 * Which identity storage, and what reads its mails: by name, else the development world of this checkout, if one runs.
 * `undefined` where there is none.
 */
export function findServer(named, { IDENTITY_STORAGE_URL, OUTBOX_URL, OBJECTS_URL, STRONGROOM_STATE }) {
  const identityStorageUrl = named ?? IDENTITY_STORAGE_URL
  if (identityStorageUrl) return { identityStorageUrl, outboxUrl: OUTBOX_URL, objectsUrl: OBJECTS_URL }
  const home = STRONGROOM_STATE ? `${STRONGROOM_STATE}/world` : `${checkout}/.strongroom`
  try {
    const { apps, outbox, objects } = JSON.parse(readFileSync(`${home}/world.json`, 'utf8'))
    const identityStorageUrl = apps['identity-storage']
    return identityStorageUrl && { identityStorageUrl, outboxUrl: outbox, objectsUrl: objects }
  } catch {
    return undefined
  }
}

/** Waits for a mail to an address that has what `pattern` finds and was not answered yet; answers its first group. */
export function mailReader(outboxUrl, pattern) {
  const answered = new Set()
  return async (address) => {
    for (const deadline = Date.now() + patience; Date.now() < deadline; await delay(50)) {
      const newestFirst = await (await fetch(new URL(`/messages?to=${encodeURIComponent(address)}`, outboxUrl))).json()
      const found = newestFirst.find(({ id, text }) => pattern.test(text) && !answered.has(id))
      if (!found) continue
      answered.add(found.id)
      return pattern.exec(found.text)[1]
    }
    throw new Error(`nothing came to ${address}`)
  }
}
