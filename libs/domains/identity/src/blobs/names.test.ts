import { toUtf8 } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import { blobTypes, isPrivateBlob, PUBLIC_BLOB_TYPES } from './contract.ts'
import { publicIdOf } from './names.ts'

const owner = 'GCCJPB7QQLNEMCJ72CQJ4ODAZFFGXHET5UPOGSDWT222GXQPMTO6ZQW3'

test.each([
  [owner, 'CMKFL7K43ZG6E4S3QFEYFYM2F7GS2QJHQPLI25PIWFYMT5V4ZOKQ'],
  ['', '6E7HLBYYHLII5VRF7PNC24ZDZCNPLAKMT3KHAYJM37EPZJE6DBMQ'],
])('the id of a public blob of %j is TokenD’s', (of, id) => {
  expect(publicIdOf({ owner: of, type: 'asset_description' }, toUtf8('foobar'))).toBe(id)
})

test('eleven types are public, four are private, each is one bit', () => {
  const types = Object.keys(blobTypes) as (keyof typeof blobTypes)[]
  expect(types.filter(isPrivateBlob)).toEqual(['kyc_form', 'kyc_id_document', 'kyc_poa', 'identity_mind_reject'])
  expect(Object.values(blobTypes)).toEqual(types.map((_, index) => 2 ** index))
  expect(types.filter((type) => blobTypes[type] & PUBLIC_BLOB_TYPES)).toHaveLength(11)
})
