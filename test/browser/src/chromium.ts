import { type Browser, chromium } from 'playwright-core'

let running: Promise<Browser> | undefined

/** This worker's Chromium, started when it is first asked for. */
export const startedChromium = (): Promise<Browser> => (running ??= launch())

export async function stopChromium(): Promise<void> {
  const browser = await running
  running = undefined
  await browser?.close()
}

/**
 * Pages of ours reach this machine by the names a page may have here, and nothing else: whatever host it is asked for,
 * Chromium itself knows no address, literal ones included. Not a rule for requests: those miss sockets and beacons.
 */
const walls = [
  '--host-resolver-rules=MAP localhost 127.0.0.1, MAP *.localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  // A STUN server is asked by UDP, past the rule above.
  '--webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--disable-quic',
]

const quiet = [
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const launch = () =>
  chromium.launch({
    executablePath: process.env['STRONGROOM_CHROMIUM'] ?? '/usr/bin/chromium',
    headless: true,
    // In containers we are root, and there it has no sandbox. It opens our own pages only.
    chromiumSandbox: false,
    args: [...walls, ...quiet],
  })
