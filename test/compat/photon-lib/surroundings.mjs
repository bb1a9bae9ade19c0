import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const checkout = fileURLToPath(new URL('../../..', import.meta.url))
const patience = 30_000

/**
 * Which key server, and what helps to tell its story: by name, else the development world of this checkout, if one runs.
 * `undefined` where there is no key server.
 */
export function findServer(named, { KEY_SERVER_URL, OUTBOX_URL, CLOCK_COMMAND, STRONGROOM_STATE }) {
  const keyServerUrl = named ?? KEY_SERVER_URL
  if (keyServerUrl) return { keyServerUrl, outboxUrl: OUTBOX_URL, clockCommand: CLOCK_COMMAND }
  const home = STRONGROOM_STATE ? `${STRONGROOM_STATE}/world` : `${checkout}/.strongroom`
  try {
    const { apps, outbox } = JSON.parse(readFileSync(`${home}/world.json`, 'utf8'))
    return { keyServerUrl: apps['key-server'], outboxUrl: outbox, clockCommand: 'npm run --silent clock --' }
  } catch {
    return undefined
  }
}

/** Waits for a code to an address that it has not answered yet. */
export function codeReader(outboxUrl) {
  const answered = new Set()
  return async (address) => {
    for (const deadline = Date.now() + patience; Date.now() < deadline; await delay(50)) {
      const newestFirst = await (await fetch(new URL(`/messages?to=${encodeURIComponent(address)}`, outboxUrl))).json()
      const found = newestFirst.find(({ id, text }) => /code is: \d{6}/.test(text) && !answered.has(id))
      if (!found) continue
      answered.add(found.id)
      return /code is: (\d{6})/.exec(found.text)[1]
    }
    throw new Error(`no code came to ${address}`)
  }
}

/** The command takes how far: `+31d`. */
export const clock = (command) => async (days) =>
  void execFileSync('sh', ['-c', `${command} +${days}d`], { cwd: checkout, stdio: ['ignore', 'ignore', 'inherit'] })
