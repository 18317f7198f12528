// run.mjs OBJECT ARGUMENT…: runs a C program that was compiled with program.c inside this process.
import process from "node:process";

const [object, ...programArguments] = process.argv.slice(2);
const module = { exports: {} };
process.dlopen(module, object);
process.exitCode = module.exports.run(programArguments);
