<?php
/**
 * This file is part of Twig.
 *
 * (c) Fabien Potencier
 *
 * For the full copyright and license information, please view the LICENSE.
 */

namespace App\Cache;

use Psr\Log\LoggerInterface;
use App\{A, B};

const LIMIT = 10;

/**
 * Stores things on disk.
 */
#[Attribute]
final class FileCache extends Base implements Cache
{
    use Loggable;

    private $directory;
    public const X = 1;

    /**
     * @param string $directory where
     */
    public function __construct(string $directory)
    {
        $this->directory = $directory;
    }

    #[Route('/x')]
    public static function create(): self
    {
        return new self('/tmp');
    }

    abstract protected function load(string $key): ?string;
}

interface Cache
{
    public function get(string $key): string;
}

trait Loggable
{
    public function log($m) { echo $m; }
}

enum Suit: string
{
    case Hearts = 'H';

    public function label(): string
    {
        return ucfirst($this->value);
    }
}

// Sorts by key.
function sort_by_key(array $items): array
{
    ksort($items);
    return $items;
}

$handler = function ($x) {
    return $x;
};

interface Store
{
    const LIMIT = 3;

    public function put(string $key): void;
}

final class Shelf
{
    private int $places = 4;
}
