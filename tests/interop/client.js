// SPDX-License-Identifier: Apache-2.0
// What our scripts share: the job they are given, the connection, and how they answer.
'use strict';
const fs = require('node:fs');
const crypto = require('node:crypto');
const grpc = require('@grpc/grpc-js');
const { connect, hash, signers } = require('@hyperledger/fabric-gateway');

function signerOf(key) {
  return signers.newPrivateKeySigner(crypto.createPrivateKey(key));
}

// One JSON document a line is all that a script prints.
function say(value) {
  console.log(JSON.stringify(value));
}

// An error as its user meets it, without the addresses, which differ from run to run.
function told(error) {
  const details = (error.details || []).map(({ mspId, message }) => ({ mspId, message }));
  return { error: error.name, code: error.code, message: error.message, details };
}

// Runs `body(gateway, job)` with the job that the command line names: {gateway, tls_ca, msp,
// certificate, key, channel, chaincode, ...}; with `offline` the gateway cannot sign.
async function run(body) {
  const job = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
  const client = new grpc.Client(job.gateway, grpc.credentials.createSsl(Buffer.from(job.tls_ca)));
  const gateway = connect({
    client,
    hash: hash.sha256,
    identity: { mspId: job.msp, credentials: Buffer.from(job.certificate) },
    signer: job.offline ? undefined : signerOf(job.key),
  });
  try {
    await body(gateway, job);
  } finally {
    gateway.close();
    client.close();
  }
}

function main(body) {
  run(body).catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
}

module.exports = { main, say, signerOf, told };
