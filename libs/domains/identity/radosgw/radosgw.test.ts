import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { Secret } from '@strongroom/crypto'
import { s3ObjectStore } from '../src/documents/index.ts'
import { storeKeepsToWhatWeSign } from '../test/store-contract.ts'
import { startRadosgw } from './start-radosgw.ts'

const denied = { status: 403, code: 'AccessDenied' }
const incomplete = { status: 400, code: 'InvalidArgument' }
const taken = { status: 204, code: undefined }

storeKeepsToWhatWeSign({
  says: {
    'a policy of more bytes': denied,
    'a policy that ends later': denied,
    'a policy of another type': denied,
    'a wrong signature': denied,
    'half a signature': denied,
    'an unknown key': denied,
    'no signature': incomplete,
    'the signature after the file': incomplete,
    // Stored in the bucket of the address, under the key that was signed for.
    'another bucket in the form': taken,
    // Two bytes of the form’s own end are stored, under that key too.
    'no file': taken,
  },
  async start() {
    const gateway = await startRadosgw()
    const { url: endpoint, accessKeyId, secretAccessKey } = gateway
    const [region, bucket] = ['us-east-1', 'documents']
    const client = new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    })
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    client.destroy()
    const objects = s3ObjectStore({
      endpoint,
      region,
      bucket,
      accessKeyId,
      secretAccessKey: new Secret(secretAccessKey),
    })
    return { objects, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() }
  },
})
