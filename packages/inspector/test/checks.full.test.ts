import { faultCases } from "./corpus.ts";
import { testCases } from "./corpus-runner.ts";

testCases(faultCases);
