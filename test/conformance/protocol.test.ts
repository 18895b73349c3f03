import { defineCases } from './define.ts';

defineCases('protocol');
