import { connect } from 'node:net'

/** Sends these bytes as they are, HTTP or not, and returns all that comes back within two seconds. */
export function sayRaw(baseUrl: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(baseUrl)
  return new Promise((resolve) => {
    let said = ''
    const socket = connect({ host: hostname, port: Number(port) })
    socket.setTimeout(2_000, () => socket.destroy())
    socket.on('data', (chunk: Buffer) => void (said += chunk.toString('latin1')))
    socket.on('error', () => {})
    socket.on('close', () => resolve(said))
    socket.write(bytes)
  })
}
