// SPDX-License-Identifier: Apache-2.0
// Follows chaincode events with @hyperledger/fabric-gateway: `events.js JOB`, JOB as for
// gateway.js with {checkpoint: a file's path, values: [first, second, third]} for steps.
// Prints one JSON line per stream.
'use strict';
const fs = require('node:fs');
const crypto = require('node:crypto');
const grpc = require('@grpc/grpc-js');
const { checkpointers, connect, hash, signers } = require('@hyperledger/fabric-gateway');

async function take(events, count, each = async () => {}) {
  const taken = [];
  try {
    for await (const event of events) {
      await each(event);
      taken.push({
        block: Number(event.blockNumber),
        transaction: event.transactionId,
        chaincode: event.chaincodeName,
        name: event.eventName,
        payload: Buffer.from(event.payload).toString(),
      });
      if (taken.length === count) {
        break;
      }
    }
  } finally {
    events.close();
  }
  console.log(JSON.stringify(taken));
}

async function main(job) {
  const client = new grpc.Client(job.gateway, grpc.credentials.createSsl(Buffer.from(job.tls_ca)));
  const gateway = connect({
    client,
    hash: hash.sha256,
    identity: { mspId: job.msp, credentials: Buffer.from(job.certificate) },
    signer: signers.newPrivateKeySigner(crypto.createPrivateKey(job.key)),
  });
  try {
    const network = gateway.getNetwork(job.channel);
    const contract = network.getContract(job.chaincode);
    const [first, second, third] = job.values;

    const live = await network.getChaincodeEvents(job.chaincode);
    await contract.submitTransaction('tell', first);
    await contract.submitTransaction('tell', second);
    await take(live, 2);

    const startBlock = BigInt(0);
    await take(await network.getChaincodeEvents(job.chaincode, { startBlock }), 2);

    const seen = await checkpointers.file(job.checkpoint);
    const until = await network.getChaincodeEvents(job.chaincode, { startBlock, checkpoint: seen });
    await take(until, 1, (event) => seen.checkpointChaincodeEvent(event));

    await contract.submitTransaction('tell', third);
    const checkpoint = await checkpointers.file(job.checkpoint);
    await take(await network.getChaincodeEvents(job.chaincode, { startBlock, checkpoint }), 2);
  } finally {
    gateway.close();
    client.close();
  }
}

main(JSON.parse(fs.readFileSync(process.argv[2], 'utf8'))).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
