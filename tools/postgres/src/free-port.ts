import { createServer, type AddressInfo } from 'node:net'

/** The wanted port of 127.0.0.1 when nobody listens there, else any free one. */
export async function freePort(wanted = 0): Promise<number> {
  return (await tryPort(wanted)) ?? (await tryPort(0)) ?? fail()
}

const tryPort = (port: number): Promise<number | undefined> =>
  new Promise((done) => {
    const probe = createServer()
    probe.once('error', () => done(undefined))
    probe.listen(port, '127.0.0.1', () => {
      const { port: bound } = probe.address() as AddressInfo
      probe.close(() => done(bound))
    })
  })

function fail(): never {
  throw new Error('no port of 127.0.0.1 is free')
}
