import { ask, type Answer, type Connection } from './ask.ts'

/** Someone whose encryption key the server keeps. */
export interface Owner {
  keyId: string
  pin: string
  /** 32 bytes, base64. */
  encryptionKey: string
}

const asker: Pick<Connection, 'ask'> = { ask }

/** Creates a key and opens it once, to know what must not be found. */
export async function becomeOwner(baseUrl: string, pin: string, connection = asker): Promise<Owner> {
  const created = await connection.ask({ method: 'POST', url: `${baseUrl}/v2/key`, body: { pin } })
  if (created.status !== 201) throw new Error(`No key was created: ${created.status} ${created.body}`)
  const { id } = JSON.parse(created.body) as { id: string }
  const opened = await openKey({ baseUrl, keyId: id, pin, connection })
  if (opened.status !== 200) throw new Error(`The new key does not open: ${opened.status} ${opened.body}`)
  const { encryptionKey } = JSON.parse(opened.body) as { encryptionKey: string }
  return { keyId: id, pin, encryptionKey }
}

export interface Opening {
  baseUrl: string
  keyId: string
  pin: string
  connection?: Pick<Connection, 'ask'>
}

export const openKey = ({ baseUrl, keyId, pin, connection = asker }: Opening): Promise<Answer> =>
  connection.ask({ method: 'GET', url: `${baseUrl}/v2/key/${keyId}`, pin })
