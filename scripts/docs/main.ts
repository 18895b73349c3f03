/** make docs: writes the pages that are made from code. */
import { writeFileSync } from 'node:fs';
import { clusterPlanPicture, PICTURE } from './cluster-plan.ts';
import { configurationPage, PAGE } from './configuration.ts';

writeFileSync(PAGE, configurationPage());
console.log(PAGE);
writeFileSync(PICTURE, clusterPlanPicture());
console.log(PICTURE);
