import { connect } from 'node:net'

/** Sends these bytes as they are, HTTP or not, and returns all that comes back until so many milliseconds are silent. */
export function sayRaw(baseUrl: string, bytes: string, silence = 2_000): Promise<string> {
  const { hostname, port } = new URL(baseUrl)
  return new Promise((resolve) => {
    let said = ''
    const socket = connect({ host: hostname, port: Number(port) })
    socket.setTimeout(silence, () => socket.destroy())
    socket.on('data', (chunk: Buffer) => void (said += chunk.toString('latin1')))
    socket.on('error', () => {})
    socket.on('close', () => resolve(said))
    socket.write(bytes)
  })
}
