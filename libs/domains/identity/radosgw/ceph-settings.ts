import { join } from 'node:path'

export interface CephPlace {
  readonly directory: string
  /** A UUID. */
  readonly cluster: string
  readonly monitorPort: number
}

/** A cluster of one monitor and one store in memory, on 127.0.0.1: enough for its gateway, and fast to begin. */
export const cephSettings = ({ directory, cluster, monitorPort }: CephPlace): string =>
  Object.entries({
    fsid: cluster,
    'mon host': `[v2:127.0.0.1:${String(monitorPort)}/0]`,
    'public addr': '127.0.0.1',
    'public network': '127.0.0.0/8',
    'ms bind ipv6': 'false',
    keyring: join(directory, 'keyring'),
    'mon data': join(directory, 'mon'),
    'osd data': join(directory, 'osd'),
    'rgw data': join(directory, 'rgw'),
    'run dir': directory,
    'crash dir': directory,
    'admin socket': '""',
    'log file': join(directory, '$name.log'),
    'osd objectstore': 'memstore',
    'memstore device bytes': String(1 << 30),
    'osd pool default size': '1',
    'osd pool default min size': '1',
    'osd pool default pg num': '1',
    'osd pool default pgp num': '1',
    'osd pool default pg autoscale mode': 'off',
    'osd crush chooseleaf type': '0',
    'mon max pg per osd': '1000',
    'mon allow pool size one': 'true',
    // Pools are made one after the other, and each waits for the monitor's next round.
    'paxos propose interval': '0.02',
    'paxos min wait': '0.01',
    'mon tick interval': '1',
    'rgw run sync thread': 'false',
    'rgw enable lc threads': 'false',
    'rgw dns name': 'localhost',
  }).reduce((text, [name, value]) => `${text}${name} = ${value}\n`, '[global]\n')
