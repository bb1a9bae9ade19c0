import { noObjectStore, type ObjectStore, s3ObjectStore } from '@strongroom/identity'
import type { ValuesOf } from '@strongroom/service'
import type { settings } from './settings.ts'

/** The store that is configured. @throws TypeError where it is half configured. */
export function objectsFrom(values: ValuesOf<typeof settings>): ObjectStore {
  const {
    OBJECTS_URL: endpoint,
    OBJECTS_BUCKET: bucket,
    OBJECTS_ACCESS_KEY_ID: accessKeyId,
    OBJECTS_SECRET_ACCESS_KEY: secretAccessKey,
  } = values
  if (endpoint === undefined) return noObjectStore
  if (bucket === undefined || accessKeyId === undefined || secretAccessKey === undefined) {
    throw new TypeError(
      'OBJECTS_URL, OBJECTS_BUCKET, OBJECTS_ACCESS_KEY_ID and OBJECTS_SECRET_ACCESS_KEY are given together',
    )
  }
  const { OBJECTS_REGION: region, OBJECTS_ADDRESSING: addressing } = values
  return s3ObjectStore({ endpoint, region, bucket, accessKeyId, secretAccessKey, addressing })
}
