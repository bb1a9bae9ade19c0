import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Origins } from './cors.ts'
import { openDisk } from './disk.ts'
import { asXml, Refused } from './refused.ts'
import { serve } from './serve.ts'
import type { StoreAccess } from './sig-v4.ts'

export interface ObjectStoreOptions {
  /** Taken when it is free; any other free one else. */
  readonly port?: number
  /** Where objects are kept (0700). Without it they last as long as the store. */
  readonly stateDir?: string
  /** Default: a bucket `documents`, and a key that is drawn. */
  readonly access?: Partial<StoreAccess>
  /** Whose pages may upload and read; default: anybody's. Without a signature they get nothing either way. */
  readonly origins?: Origins
  /** Keys that begin so anybody may read, as by a bucket policy of S3. Default: none. */
  readonly publicPrefix?: string
}

export interface ObjectStore {
  /** `http://127.0.0.1:4030`: the bucket is the first part of the path. */
  readonly url: string
  readonly access: StoreAccess
  close(): Promise<void>
}

/** Starts a store that speaks S3's forms and signed addresses, and nothing else of S3; on 127.0.0.1 only. */
export async function startObjectStore(options: ObjectStoreOptions = {}): Promise<ObjectStore> {
  const { port = 0, stateDir, origins = 'any', publicPrefix } = options
  const access: StoreAccess = {
    accessKeyId: `SR${randomBytes(9).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
    region: 'us-east-1',
    bucket: 'documents',
    ...options.access,
  }
  const directory = stateDir ?? (await mkdtemp(join(tmpdir(), 'strongroom-objects-')))
  const disk = await openDisk(directory)
  const server = createServer((request, response) => {
    serve(request, response, { access, disk, origins, publicPrefix }).catch(() => {
      if (response.headersSent) return void response.destroy()
      response.writeHead(500).end(asXml(new Refused(500, 'InternalError', 'We encountered an internal error.')))
    })
  })
  const url = `http://127.0.0.1:${String(await listen(server, port))}`
  return {
    url,
    access,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
      if (stateDir === undefined) await rm(directory, { recursive: true, force: true })
    },
  }
}

async function listen(server: Server, wanted: number): Promise<number> {
  try {
    await tryPort(server, wanted)
  } catch (error) {
    if (wanted === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    await tryPort(server, 0)
  }
  return (server.address() as AddressInfo).port
}

function tryPort(server: Server, port: number): Promise<unknown> {
  const listening = once(server, 'listening')
  server.listen(port, '127.0.0.1')
  return listening
}
