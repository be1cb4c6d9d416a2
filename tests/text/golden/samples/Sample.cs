using System;
using System.Collections.Generic;

namespace Shop.Core
{
    /// <summary>Keeps goods.</summary>
    [Serializable]
    public sealed class Basket<T> : Base, IBasket where T : class
    {
        private readonly List<T> items = new List<T>();

        /// <summary>
        /// Creates one.
        /// </summary>
        public Basket(int size) : base(size)
        {
            Size = size;
        }

        public int Size { get; private set; }

        public int Total
        {
            get { return items.Count; }
            set
            {
                items.Clear();
            }
        }

        [Obsolete]
        public async Task<T> FindAsync(string key) => await store.Get(key);

        public static Basket<T> operator +(Basket<T> a, Basket<T> b)
        {
            return a;
        }
    }

    public interface IBasket
    {
        int Size { get; }
        void Clear();
    }

    public struct Point { public int X; }

    public enum Level { Low, High }

    public record Person(string Name);

    public delegate void Handler(object sender);
}
